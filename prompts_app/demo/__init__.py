"""The sample portfolio and the rule-based demo model behind the OpenAI wire format.

Nothing here is a language model: answers come from scripted rules that read the prompt.
"""

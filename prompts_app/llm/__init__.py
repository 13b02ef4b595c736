"""Calls to language and image models over the OpenAI wire format.

The one package that opens connections to model providers. It knows no Django and no other
engine: plain values go in, events and plain values come out, every failure is an `LLMError`.

    client     stream_chat, complete_chat, make_picture, list_models, close
    types      what goes in and what comes out
    errors     LLMError and its codes
    addresses  which base URLs are allowed, which addresses may be connected to
    prices     known_price, cost, upper_bound, picture_bound
    presets    well-known providers
    kinds      guess_kind: is this model name a text model?
    ollama     local_ollama: the models of an Ollama on this machine
"""

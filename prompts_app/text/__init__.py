"""What is done to text: variables, Markdown, differences, folding, slugs, refusals."""

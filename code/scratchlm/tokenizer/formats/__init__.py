"""File formats of tokenizers: Hugging Face's `tokenizer.json`, tiktoken's, and our first one."""

"""The command line: scratchlm corpus, tokenizer, pretrain, evaluate, generate, zoo."""

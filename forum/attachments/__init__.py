"""Files that hang on something: a post, a message. What may be read decides whatever they hang on."""

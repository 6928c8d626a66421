"""Pure functions over text: normalise, sentences, words, chunks, spans."""

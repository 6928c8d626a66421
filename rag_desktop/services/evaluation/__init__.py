"""How well a library is searched: datasets with judgements, made documents, searched as people search, and measured."""

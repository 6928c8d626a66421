"""Pure functions around the generator: pack, template, cite, recognise a refusal."""

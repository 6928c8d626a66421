"""LlamaIndex's own way from a folder of PDF files to vectors in memory. Run in the environment of that peer.

Arguments: the folder, the model's folder, tokens of a chunk, tokens that chunks share. Prints one JSON object with what
was made and the seconds of each step from when the interpreter was up.
"""

import json
import sys
import time


def main() -> None:
    """Print what was made."""
    folder, model, size, overlap = sys.argv[1:5]
    began = time.perf_counter()
    from llama_index.core import SimpleDirectoryReader, VectorStoreIndex  # type: ignore[import-not-found]
    from llama_index.core.node_parser import SentenceSplitter  # type: ignore[import-not-found]
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding  # type: ignore[import-not-found]

    imported = time.perf_counter()
    embedding = HuggingFaceEmbedding(model_name=model, device="cpu")
    loaded = time.perf_counter()
    documents = SimpleDirectoryReader(folder, recursive=True, required_exts=[".pdf"]).load_data()
    read = time.perf_counter()
    splitter = SentenceSplitter(chunk_size=int(size), chunk_overlap=int(overlap))
    index = VectorStoreIndex.from_documents(documents, transformations=[splitter], embed_model=embedding)
    done = time.perf_counter()
    steps = {
        "import": imported - began,
        "load": loaded - imported,
        "read": read - loaded,
        "split and embed": done - read,
    }
    print(json.dumps({"pages": len(documents), "nodes": len(index.docstore.docs), "seconds": steps}))


if __name__ == "__main__":
    main()

// Nothing: what matters are the headers that are precompiled for it.

"""The child process in which what arrives is read, and the pool of such."""

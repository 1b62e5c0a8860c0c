"""Files made for harm, each built here, and what must come of them."""

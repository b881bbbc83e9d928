"""What the window asks for when results are to be taken along, and what it makes of its own panels: pictures, films."""

"""The window itself: its bars, docks and menus, what can be pressed, and what is remembered."""

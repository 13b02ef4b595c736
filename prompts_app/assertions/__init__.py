"""Rules on outputs: what each asks for, says of itself, and finds (`registry` is the door)."""

"""Each signature of one file: its bytes, its certificates, its time, its indication and its level."""

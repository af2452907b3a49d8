"""The four properties of what is archived (四性检测, DA/T 70-2018): checks with their basis and result."""

"""The way in: a folder of files is checked, read and connected as raw relations; what is wrong with it is counted."""

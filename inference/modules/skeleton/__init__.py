"""The files of a new module, with @NAME@ and @TITLE@ to be filled in."""

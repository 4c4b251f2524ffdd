"""The intelligent middleware: the gateway (the one door to every model), the modules and the engines."""

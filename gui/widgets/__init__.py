"""Parts that any panel may use: theme, icons, forms, small widgets. They know neither document nor session."""

"""The pages' common ground: layout, components, `page()`, errors, security headers, assets."""

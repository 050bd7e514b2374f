"""The database: connections, statements, tables' common base, the private cluster."""

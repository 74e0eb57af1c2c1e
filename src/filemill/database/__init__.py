"""What Filemill asks of databases beyond what Django gives."""

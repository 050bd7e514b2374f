"""The OpenAPI document: what each operation takes and answers, said beside the tables and limits the code itself uses."""

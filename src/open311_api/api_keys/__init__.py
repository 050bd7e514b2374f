"""Who may submit and manage: keys, their scopes, and what each key has sent before."""

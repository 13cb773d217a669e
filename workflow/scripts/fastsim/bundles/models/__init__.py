"""Networks and their losses as plain ``nn.Module``s."""

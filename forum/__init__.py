"""The Betriebsräte-Netzwerk: where works councils help each other."""

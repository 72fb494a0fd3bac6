"""The guard in front of every web page: who may reach it, from which page, with which login."""

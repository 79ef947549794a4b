"""Zhiban (值班): the router of a customer-service desk."""

__version__ = "0.1.0"

"""Forecasts of purchases and spend: the models, and the relations that hold their fits."""

"""Training clusters in rented clouds and the dataset stores beside them, one file a cloud."""

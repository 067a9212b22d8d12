"""Records of ECS, Splunk CIM and vendors -> SignIn. The maps are JSON data in `maps/`; README.md is their schema."""

"""The edge: the component that receives requests and forwards them."""

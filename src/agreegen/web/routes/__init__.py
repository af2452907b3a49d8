"""What the server answers, a module an area; `table` names every route."""

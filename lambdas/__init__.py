"""How events are answered: one thin module per deployed function; `runtime` is the only home of loop and start-up."""

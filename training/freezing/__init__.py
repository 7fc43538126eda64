"""From what experts wrote and ranked to rows that never change again."""

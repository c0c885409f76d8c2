SELECT quote_ident(current_database()), quote_ident(current_user)

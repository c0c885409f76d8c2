SELECT $1::text::{{status_type}}

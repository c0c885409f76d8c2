SELECT true FROM {{table}} AS e WHERE e.{{id}} = ANY ($1::{{id_param}}[]) FOR NO KEY UPDATE

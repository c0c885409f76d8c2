SELECT {{status}}, {{result}}, {{action_ref}}, {{updated_instant}} FROM {{table}} WHERE {{id}} = ?1

{{ resolve_rows('support', 'holidays') }}

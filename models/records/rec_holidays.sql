{{ record_rows('support', 'holidays') }}

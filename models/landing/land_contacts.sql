{{ land_rows('crm', 'contacts') }}

{{ stage_rows('crm', 'contacts') }}

"""Plain code that reads speech: numbers, money, dates, phones, e-mails and names, Russian and English."""

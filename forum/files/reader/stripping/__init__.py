"""Files without what they tell about their makers; everything else stays as it was."""

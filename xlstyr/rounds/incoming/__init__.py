"""What arrives: kept, taken apart, judged, registered."""

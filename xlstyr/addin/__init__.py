"""What Excel's buttons call, and the add-in that holds them. The only room that knows xlwings."""

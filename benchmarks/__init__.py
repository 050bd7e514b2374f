"""Measurements against a floor: how much more than the least possible work does an answer cost?"""
